// Scores against their threshold. Bands and labels are boxes, only the lines are drawn, so that a chart
// may be stretched to any width without stretching its text.
const TALL = 100;
const HEADROOM = 1.06; // so that a peak at 1 is not cut off

const rise = (value) => (TALL * Math.min(1, value)) / HEADROOM;

function plot({ curve, threshold, view = null, findings = [], label, peak = null }) {
  const { from_s: from, to_s: to } = curve;
  const box = el("div", { class: "plot", role: "img", "aria-label": label },
    findings.map((finding) => band(`found ${finding.severity}`, finding.start_s, finding.end_s, from, to)),
    curve.unknown.map(([start, end]) => band("unknown", start, end, from, to)),
    view && unanalysed(view, from, to),
    thresholdLine(threshold), lines(curve), peak && peakDot(peak, from, to),
    el("output", { class: "readout", "aria-hidden": "true" }));
  box.addEventListener("pointermove", (event) => readOut(box, curve, event));
  box.addEventListener("pointerleave", () => box.classList.remove("reading"));
  return box;
}

function thresholdLine(threshold) {
  if (threshold === null) return null;
  return el("div", { class: "threshold", style: { bottom: `${rise(threshold)}%` } },
    el("span", {}, score(threshold)));
}

function peakDot(peak, from, to) {
  const at = { left: `${percent(peak.time, from, to)}%`, bottom: `${rise(peak.score)}%` };
  return el("div", { class: "peak-dot", style: at });
}

function lines(curve) {
  const { from_s: from, to_s: to } = curve;
  const at = (time, value) => `${(10 * percent(time, from, to)).toFixed(1)} ${(TALL - rise(value)).toFixed(1)}`;
  const upper = (run) => run.map(([time, , high]) => at(time, high));
  const lower = (run) => run.map(([time, low]) => at(time, low));
  // A run of one point is a line of no length: its round ends make it a dot.
  const outline = curve.runs.map((run) => `M${upper(run).join("L")}${run.length === 1 ? "h0" : ""}`).join("");
  const spread = curve.runs.map((run) => `M${upper(run).join("L")}L${lower(run).reverse().join("L")}Z`).join("");
  return svg("svg", { viewBox: `0 0 1000 ${TALL}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "spread", d: spread }), svg("path", { class: "line", d: outline }));
}

function readOut(box, curve, event) {
  const at = box.getBoundingClientRect();
  const time = curve.from_s + ((event.clientX - at.left) / at.width) * (curve.to_s - curve.from_s);
  const near = nearest(curve.runs.flat(), time);
  if (!near) return;
  const output = box.querySelector(".readout");
  const left = percent(near[0], curve.from_s, curve.to_s);
  output.textContent = `${clock(near[0])}  ${score(near[2])}`;
  output.style.left = `${left}%`;
  box.classList.add("reading");
  output.classList.toggle("flipped", left > 80);
}

const nearest = (points, time) => points.reduce(
  (best, point) => (best && Math.abs(best[0] - time) <= Math.abs(point[0] - time) ? best : point), null);

function renderScores() {
  const section = byId("scores");
  refill(section,
    sectionTitle("scores-title", words().scores), el("p", { class: "hint" }, TELLS_PRESENT ? words().scoresHintTold : words().scoresHint),
    el("div", { class: "charts" }, DATA.detectors.map(detectorChart)));
  for (const chart of section.querySelectorAll(".chart")) {
    chart.append(el("div", { class: "strip" }, el("span", {}), axis(0, DATA.horizon_s, chart.clientWidth - 110)));
  }
}

function detectorChart(detector) {
  const threshold = detector.threshold === null ? null : `${words().threshold} ${score(detector.threshold)}`;
  const strips = detector.views.map((view) => strip(detector, view));
  return el("div", { class: "chart" },
    el("h3", {}, detectorName(detector.name), threshold && el("small", {}, threshold)),
    strips.length ? strips : el("p", { class: "hint" }, words().noScores));
}

function strip(detector, view) {
  const recording = viewNamed(view.view);
  const share = `${(100 * view.unknown_share).toFixed(view.unknown_share < 0.1 ? 1 : 0)}%`;
  return el("div", { class: "strip" },
    el("span", { class: "strip-label" }, words().view[view.view],
      view.unknown_share > 0 && el("small", {}, words().unknownShare(share))),
    plot({
      curve: view.curve, threshold: detector.threshold, view: recording,
      findings: DATA.findings.filter((finding) => finding.detector === detector.name && finding.view === view.view),
      label: `${detectorName(detector.name)}, ${viewName(view.view)}`,
    }));
}
