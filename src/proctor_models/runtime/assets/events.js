// What happened to the watching itself: in the timeline, and as a list.
const happeningName = (each) => words().happening[each.kind] || each.kind;

function happeningWhen(each) {
  return each.end_s === null ? clock(each.timestamp_s) : `${clock(each.timestamp_s)} – ${clock(each.end_s)}`;
}

function happeningDetail(each) {
  return Object.entries(each.detail).map(([name, value]) => `${words().detail[name] || name}: ${happeningValue(name, value)}`).join(" · ");
}

// A reason that the program gives is translated; what a driver or the system says is not.
function happeningReason(text) {
  for (const [template, sentence] of words().reasonTemplates) {
    const found = template.exec(text);
    if (found) return sentence(...found.slice(1));
  }
  return words().reason[text] || text;
}

// Names end in their unit.
function happeningValue(name, value) {
  if (name === "reason" || name === "assumed") return happeningReason(String(value));
  if (name === "since_s") return clock(value);
  if (name.endsWith("_s")) return words().seconds(value);
  if (name.endsWith("_deg")) return `${value}°`;
  return name.endsWith("_share") ? `${Math.round(100 * value)} %` : value;
}

function eventMark(each) {
  const lines = () => [happeningName(each), happeningWhen(each), happeningDetail(each)].filter(Boolean);
  return el("span", {
    class: "event-mark", role: "img", "aria-label": lines().join(", "),
    style: { left: `${percent(each.timestamp_s, 0, DATA.horizon_s)}%` },
    on: { pointerenter: (event) => tip.show(event.currentTarget, lines()), pointerleave: tip.hide },
  }, el("i", { class: "event-sign" }, "!"));
}

function renderEvents() {
  const all = DATA.happenings;
  const line = (each) => el("li", {},
    el("time", {}, happeningWhen(each)), el("strong", {}, happeningName(each)),
    el("span", {}, [each.view && viewName(each.view), happeningDetail(each)].filter(Boolean).join(" · ")));
  const section = byId("events");
  section.hidden = DATA.ledger_head === null; // a folder without a ledger knows nothing of the watching
  refill(section,
    sectionTitle("events-title", words().happenings, el("span", { class: "count" }, String(all.length))),
    el("p", { class: "hint" }, all.length ? words().happeningsHint : words().noHappenings),
    all.length > 0 && el("ol", { class: "events" }, all.map(line)));
}
