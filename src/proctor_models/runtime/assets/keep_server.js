// Decisions of a page that `proctor review` serves: sent to be written beside the ledger, in the order they were made.
const RETRY_MS = 5000;
const ANSWER_MS = 15000;
const sending = { waiting: new Map(), busy: false, failed: null, timer: 0 };

const keeper = {
  recall: () => ({}),
  keep(ids) {
    for (const id of ids) {
      sending.waiting.delete(id);
      sending.waiting.set(id, { decision: decisionOf(id), note: noteOf(id) });
    }
    send();
  },
  retry: send,
  words() {
    if (sending.failed !== null) return { text: words().notSaved(sending.failed || words().noServer), bad: true, again: true };
    return { text: sending.waiting.size ? words().saving : words().savedFile };
  },
};

async function send() {
  if (sending.busy || !sending.waiting.size) return;
  clearTimeout(sending.timer);
  sending.busy = true;
  showSaved();
  const batch = [...sending.waiting];
  sending.failed = await post(batch.map(([finding, entry]) => ({ finding, ...entry })));
  sending.busy = false;
  if (sending.failed === null) {
    for (const [id, entry] of batch) if (sending.waiting.get(id) === entry) sending.waiting.delete(id);
    send();
  } else {
    sending.timer = setTimeout(send, RETRY_MS);
  }
  showSaved();
}

// Null once they are on the disk; else why not, empty where nobody answered.
async function post(decisions) {
  let answer;
  try {
    answer = await fetch("decisions", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ decisions }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.ok) return null;
    return (await answer.json()).error || String(answer.status);
  } catch (error) {
    return answer ? String(answer.status) : "";
  }
}

window.addEventListener("beforeunload", (event) => {
  if (sending.waiting.size) event.preventDefault();
});
