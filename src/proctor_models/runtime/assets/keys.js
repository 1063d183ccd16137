// Deciding and moving, by key and by hand. A decision goes on to the next finding that nobody has judged.
const HANDLERS = {
  j: () => step(1),
  k: () => step(-1),
  arrowright: () => step(1),
  arrowleft: () => step(-1),
  c: () => decideOn([state.current], "confirmed"),
  d: () => decideOn([state.current], "dismissed"),
  u: undoLast,
  n: () => document.querySelector(".note textarea")?.focus(),
};
const WITH_SHIFT = {
  c: () => decideOn(stillOpen(groupOf(state.current)), "confirmed"),
  d: () => decideOn(stillOpen(groupOf(state.current)), "dismissed"),
};
const REPEATABLE = new Set(["j", "k", "arrowright", "arrowleft"]);

const stillOpen = (ids) => ids.filter((id) => decisionOf(id) === "open");

function onKey(event) {
  if (!state.keys || !state.current || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("select, textarea, dialog, input:not([type=checkbox])")) return;
  // By its place where an input method swallows the letter. Shift is asked for, not capitals: caps lock may be on.
  const letter = event.key.length > 1 && event.code.startsWith("Key") ? event.code.slice(3) : event.key;
  const key = letter.toLowerCase();
  if (key.startsWith("arrow") && event.target.closest(".lanes, .film, .snapshots, video")) return;
  const handler = (event.shiftKey ? WITH_SHIFT : HANDLERS)[key];
  if (!handler) return;
  event.preventDefault();
  if (event.repeat && !REPEATABLE.has(key)) return; // a key held down judges one finding
  handler();
}

function decideByHand(event, ids, decision) {
  if (event.detail > 1) return; // the second half of a double click would judge the next finding
  if (decision === "open") undoThis(ids[0]);
  else decideOn(ids, decision);
}

function decideOn(ids, decision) {
  if (!ids.length || !ids[0]) return;
  keepNote();
  decideAll(ids, decision);
  for (const id of ids) state.justDecided.add(id);
  refreshDecisions(ids);
  const next = nextOpen();
  if (next) select(next, { focus: true });
  else renderCard();
}

// What is being typed belongs to the finding that is left.
function keepNote() {
  const field = document.querySelector(".note textarea");
  if (field) putNote(state.current, field.value.trim());
}

function nextOpen() {
  const ids = shownIds();
  const at = ids.indexOf(state.current);
  return [...ids.slice(at + 1), ...ids.slice(0, at)].find((id) => decisionOf(id) === "open");
}

function step(by) {
  const ids = shownIds();
  const next = ids[ids.indexOf(state.current) + by];
  if (next) select(next, { focus: true });
}

function undoThis(id) {
  if (decisionOf(id) === "open") {
    undoLast();
    return;
  }
  decideAll([id], "open");
  refreshDecisions([id]);
  renderCard();
}

function undoLast() {
  const ids = takeBack();
  if (!ids.length) return;
  refreshDecisions(ids);
  select(ids[0], { focus: true });
}

function refreshDecisions(ids) {
  for (const id of ids) showInList(id);
  showProgress();
  markShown();
  const [last] = ids.slice(-1);
  announce(words().decided(ids.join(", "), words().decision[decisionOf(last)]));
}
