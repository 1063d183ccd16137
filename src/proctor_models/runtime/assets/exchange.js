// Decisions as a file: to be filed with the evidence, or taken over from another browser.
function decisionsFile() {
  const { rules_name: name, rules_sha256: sha256, pack_version: version } = DATA.session;
  const decided = DATA.findings.filter((finding) => state.decisions[finding.id]);
  return {
    schema: "proctor-decisions/1",
    ledger_sha256: DATA.ledger_sha256,
    pack: { version },
    rules: { name, sha256 },
    exported_at: new Date().toISOString(),
    findings: DATA.findings.length,
    decisions: decided.map((finding) => ({ finding: finding.id, ...state.decisions[finding.id] })),
  };
}

function exportDecisions() {
  const text = `${JSON.stringify(decisionsFile(), null, 2)}\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  el("a", { href: url, download: "decisions.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  announce(words().exported);
}

// Either an exported file, or the decisions.jsonl that `proctor review` writes.
function importDecisions(text) {
  let rows;
  try {
    rows = decisionRows(text);
  } catch (error) {
    return words().importBad;
  }
  if (rows === null) return words().importForeign;
  const entries = new Map();
  for (const { finding, decision, note = "", decided_at = "" } of rows) {
    if (!FINDINGS.has(finding) || !Object.hasOwn(words().decision, decision) || typeof note !== "string") return words().importBad;
    const kept = note.slice(0, DATA.note_max);
    entries.set(finding, decision === "open" && !kept ? null : { decision, note: kept, decided_at: String(decided_at) });
  }
  putAll([...entries]);
  return words().imported(entries.size);
}

// The rows of a file; null if they were made about another exam.
function decisionRows(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  if (!/^\s*\{"finding"/.test(text)) {
    const whole = JSON.parse(text);
    if (whole.schema !== "proctor-decisions/1") throw new Error("another schema");
    return whole.ledger_sha256["findings.jsonl"] === DATA.ledger_sha256["findings.jsonl"] ? whole.decisions : null;
  }
  const rows = lines.map((line) => JSON.parse(line));
  return DATA.ledger_heads.includes(rows[0].previous) ? rows : null;
}

function exchangeButtons() {
  const file = el("input", { type: "file", accept: ".json,.jsonl", hidden: true, on: { change: takeFile } });
  const button = (text, click) => el("button", { type: "button", class: "plain", on: { click } }, text);
  return [file, button(words().export, exportDecisions), button(words().import, () => file.click())];
}

async function takeFile(event) {
  const [file] = event.target.files;
  if (!file) return;
  const said = importDecisions(await file.text());
  renderAll();
  showSaved(said);
}
