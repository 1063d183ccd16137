// Time along a track: positions in per cent, ticks at round times.
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const TICK_PX = 92;

const percent = (time, from, to) => (100 * (Math.min(Math.max(time, from), to) - from)) / Math.max(to - from, 1e-6);

function place(start, end, from, to) {
  const left = percent(start, from, to);
  return { left: `${left}%`, width: `${percent(end, from, to) - left}%` };
}

function ticks(from, to, widthPx) {
  const most = Math.max(2, Math.floor(widthPx / TICK_PX));
  const step = STEPS_S.find((candidate) => (to - from) / candidate <= most) || 14400;
  const times = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time);
  return times;
}

// A tick too near an end would be cut off there: it leans inwards.
function axis(from, to, widthPx) {
  const marks = ticks(from, to, widthPx).map((time) => {
    const at = percent(time, from, to);
    const lean = at < 4 ? " first" : at > 96 ? " last" : "";
    return el("span", { class: `tick${lean}`, style: { left: `${at}%` } }, clock(time));
  });
  return el("div", { class: "axis", "aria-hidden": "true" }, marks);
}

// Time of a view in which nothing was analysed, by whether frames came.
function unanalysed(view, from, to) {
  const bands = (kind, spans) => spans.filter(([start, end]) => end > from && start < to)
    .map(([start, end]) => band(kind, start, end, from, to));
  return [...bands("unseen-time", view.gaps), ...bands("not-analysed", view.not_analysed || [])];
}

const band = (kind, start, end, from, to) => el("div", { class: `band ${kind}`, style: place(start, end, from, to) });
