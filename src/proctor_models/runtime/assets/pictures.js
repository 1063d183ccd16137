// What the camera saw: pictures of findings, and the snapshots kept at random.
const KINDS = ["peak", "before", "after", "other"];
const viewNamed = (name) => DATA.session.views.find((view) => view.view === name);
// A phone that is turned changes its pictures within an exam: each has its own size, if that could be read.
const sizeOf = (picture) => picture.resolution_wh || (viewNamed(picture.view) || { resolution_wh: [0, 0] }).resolution_wh;

function picturesOf(finding) {
  const all = finding.evidence.map((path) => {
    const picture = { path, view: finding.view, ...DATA.pictures[path] };
    const kind = words().picture[picture.kind];
    const boxes = picture.kind === "peak" ? finding.boxes : [];
    return { ...picture, boxes, caption: kind, name: `${finding.id} · ${titleOf(finding)} · ${kind}`, when: span(finding) };
  });
  return all.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

function snapshots() {
  return DATA.session.snapshots.map(({ path, view, timestamp_s: time }) => ({
    path, view, boxes: [], ...DATA.pictures[path], when: clock(time),
    caption: `${words().view[view]} · ${clock(time)}`, name: `${words().picture.snapshot} · ${viewName(view)}`,
  }));
}

function pictures(finding) {
  const all = picturesOf(finding);
  if (!all.length) return el("div", { class: "pictures" }, el("p", { class: "no-picture" }, words().pictureState.none));
  // Without a peak (a gap in the recording) before and after stand side by side.
  const large = all[0].kind === "peak" || all[0].kind === "other" ? 1 : 0;
  const figures = all.map((picture) => pictureFigure(picture, all));
  const [width, height] = sizeOf(all[0]);
  const upright = height > width && large;
  return el("div", { class: `pictures${upright ? " upright" : ""}` }, figures.slice(0, large),
    figures.length > large ? el("div", { class: "thumbs" }, figures.slice(large)) : null);
}

function pictureFigure(picture, beside) {
  const content = picture.state === "shown"
    ? el("button", {
      type: "button", class: "enlarge", "aria-label": words().enlarge(`${picture.name}, ${picture.when}`),
      on: { click: () => openViewer(picture, beside) },
    }, framed(picture))
    : el("p", { class: "no-picture" }, words().pictureState[picture.state], el("code", {}, picture.path));
  return el("figure", { class: picture.kind }, content, el("figcaption", {}, picture.caption));
}

// The evidence stays as it was stored; the box is drawn over it.
function framed(picture) {
  const image = el("img", { src: picture.src, alt: picture.name });
  const [width, height] = sizeOf(picture);
  if (!width || !picture.boxes.length) return el("span", { class: "framed" }, image);
  return el("span", { class: "framed" }, image, svg("svg", {
    class: "boxes", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true",
  }, picture.boxes.map(boxShapes)));
}

function boxShapes([x0, y0, x1, y1]) {
  const at = { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) };
  return [svg("rect", { class: "halo", ...at }), svg("rect", { class: "box", ...at })];
}

function renderSnapshots() {
  const section = byId("snapshots");
  const all = snapshots();
  section.hidden = all.length === 0;
  refill(section, sectionTitle("snapshots-title", words().snapshots, el("span", { class: "count" }, String(all.length))),
    el("p", { class: "hint" }, words().snapshotsHint),
    el("div", { class: "snapshots", role: "group", tabindex: "0", "aria-labelledby": "snapshots-title" }, all.map((picture) => pictureFigure(picture, all))));
}

// A clip moves by itself and without end: it is shown only while somebody asks for it.
function clip(path) {
  const picture = { path, ...DATA.pictures[path] };
  if (picture.state !== "shown") return el("p", { class: "no-picture" }, words().pictureState[picture.state], el("code", {}, path));
  const place = el("div", { class: "clip-place" });
  const button = el("button", { type: "button", class: "plain", "aria-expanded": "false", on: { click: toggle } }, `▶ ${words().clip}`);
  function toggle() {
    const open = place.childElementCount === 0;
    refill(place, open && el("img", { src: picture.src, alt: words().clip }));
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? `■ ${words().closeClip}` : `▶ ${words().clip}`;
  }
  return el("div", { class: "clip screen-only" }, button, place);
}
