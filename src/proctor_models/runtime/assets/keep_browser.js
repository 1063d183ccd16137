// Decisions of a page that is a file: kept in this browser, by the hashes of what was found.
const KEY = `proctor-review:${DATA.ledger_sha256["session.json"].slice(0, 16)}${DATA.ledger_sha256["findings.jsonl"].slice(0, 16)}`;

const keeper = {
  recall() {
    try {
      const stored = Object.entries(JSON.parse(recall(KEY) || "{}"));
      return Object.fromEntries(stored.filter(([id, entry]) => FINDINGS.has(id) && entry.decision));
    } catch (error) {
      return {};
    }
  },
  keep() {
    // Those that came with the page are kept as well: one that was taken back must not return.
    const all = DATA.findings.map(({ id }) => [id, state.decisions[id] || { decision: "open", note: "" }]);
    remember(KEY, JSON.stringify(Object.fromEntries(all.filter(([id]) => state.decisions[id] || DATA.decisions[id]))));
    showSaved();
  },
  retry: null,
  words: () => (state.kept ? { text: words().savedBrowser } : { text: words().notKept, bad: true }),
};
