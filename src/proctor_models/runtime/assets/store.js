// What the page remembers. Storage may be forbidden (private windows, local files): the page works without.
const KEY = `proctor-review:${DATA.ledger_sha256["session.json"].slice(0, 16)}${DATA.ledger_sha256["findings.jsonl"].slice(0, 16)}`;
const LANGUAGE_KEY = "proctor-review:language";

const state = {
  language: "zh",
  current: null,
  filters: { severity: "", rule: "", view: "", decision: "" },
  decisions: {}, // finding id -> { decision, decided_at }
  history: [], // what `u` takes back: [finding id, the decision before]
  keys: true,
  kept: true,
};

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    state.kept = false;
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    state.kept = false;
  }
}

function startState() {
  const asked = new URLSearchParams(location.hash.slice(1)).get("lang") || recall(LANGUAGE_KEY);
  const guess = (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
  state.language = asked === "zh" || asked === "en" ? asked : guess;
  state.decisions = recallDecisions();
}

function recallDecisions() {
  const known = new Set(DATA.findings.map((finding) => finding.id));
  try {
    const stored = Object.entries(JSON.parse(recall(KEY) || "{}"));
    return Object.fromEntries(stored.filter(([id, entry]) => known.has(id) && entry.decision));
  } catch (error) {
    return {};
  }
}

function setLanguage(language) {
  state.language = language;
  remember(LANGUAGE_KEY, language);
}

const decisionOf = (id) => (state.decisions[id] ? state.decisions[id].decision : "open");

function setDecision(id, decision) {
  state.history.push([id, state.decisions[id] || null]);
  putDecision(id, decision === "open" ? null : { decision, decided_at: new Date().toISOString() });
}

function putDecision(id, entry) {
  if (entry) state.decisions[id] = entry;
  else delete state.decisions[id];
  remember(KEY, JSON.stringify(state.decisions));
}

function takeBack() {
  const last = state.history.pop();
  if (last) putDecision(last[0], last[1]);
  return last ? last[0] : null;
}

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
