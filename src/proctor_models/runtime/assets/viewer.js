// A picture as large as the window, with its neighbours of the same finding.
const viewer = { pictures: [], at: 0, boxes: true };

function openViewer(picture) {
  viewer.pictures = picturesOf(picture.finding).filter((each) => each.state === "shown");
  viewer.at = viewer.pictures.findIndex((each) => each.path === picture.path);
  showInViewer();
  byId("viewer").showModal();
}

function showInViewer() {
  const picture = viewer.pictures[viewer.at];
  const name = `${picture.finding.id} · ${titleOf(picture.finding)} · ${words().picture[picture.kind]}`;
  const dialog = byId("viewer");
  dialog.setAttribute("aria-label", name);
  dialog.classList.toggle("no-boxes", !viewer.boxes);
  refill(dialog,
    el("div", { class: "viewer-bar" }, el("p", {}, name, el("small", {}, span(picture.finding))), viewerButtons(picture)),
    el("div", { class: "viewer-picture" }, framed(picture, name)));
}

function viewerButtons(picture) {
  const button = (label, text, handler, disabled) => el("button", {
    type: "button", "aria-label": label, title: label, disabled, on: { click: handler },
  }, text);
  const hasBox = picture.kind === "peak" && picture.finding.boxes.length > 0;
  return el("div", { class: "viewer-buttons" },
    hasBox ? el("label", {}, el("input", { type: "checkbox", checked: viewer.boxes, on: { change: toggleBoxes } }), words().showBox) : null,
    button(words().previousPicture, "‹", () => stepViewer(-1), viewer.at === 0),
    button(words().nextPicture, "›", () => stepViewer(1), viewer.at === viewer.pictures.length - 1),
    button(words().close, "×", () => byId("viewer").close(), false));
}

function toggleBoxes(event) {
  viewer.boxes = event.target.checked;
  byId("viewer").classList.toggle("no-boxes", !viewer.boxes);
}

function stepViewer(step) {
  const next = viewer.at + step;
  if (next < 0 || next >= viewer.pictures.length) return;
  viewer.at = next;
  showInViewer();
  byId("viewer").querySelector("button:not([disabled])").focus();
}

function startViewer() {
  const dialog = byId("viewer");
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") stepViewer(-1);
    if (event.key === "ArrowRight") stepViewer(1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
