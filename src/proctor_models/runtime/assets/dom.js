// Building the page. Text from outside only ever becomes a text node or an attribute, never markup.
const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    } else if (name === "style") {
      // Through the object model: the page's policy refuses style attributes.
      for (const [property, setting] of Object.entries(value)) node.style.setProperty(property, setting);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function refill(node, ...children) {
  node.replaceChildren();
  fill(node, {}, children);
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// A triangle, a diamond, a square: severity is told by shape as well as by colour.
const GLYPHS = {
  cheating: "M8 1.5 15 14H1Z",
  breach_of_discipline: "M8 .8 15.2 8 8 15.2.8 8Z",
  invalid_recording: "M2 2h12v12H2Z",
};

function glyph(severity) {
  const shape = svg("path", { d: GLYPHS[severity] });
  return svg("svg", { class: `glyph ${severity}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, shape);
}

function clock(seconds) {
  const whole = Math.floor(seconds + 1e-6);
  const two = (value) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const span = (finding) => `${clock(finding.start_s)} – ${clock(finding.end_s)}`;
const lasting = (finding) => words().seconds((finding.end_s - finding.start_s).toFixed(1));
const score = (value) => (value === null ? "–" : value.toFixed(2));
const titleOf = (finding) => finding.title[state.language];

function announce(text) {
  byId("status").textContent = text;
}

function sectionTitle(id, text, ...rest) {
  return el("div", { class: "section-head" }, el("h2", { id }, text), ...rest);
}

const tip = {
  show(target, lines) {
    const box = byId("tip");
    box.replaceChildren(...lines.map((line) => el("div", {}, line)));
    box.hidden = false;
    const at = target.getBoundingClientRect();
    const left = at.left + at.width / 2 - box.offsetWidth / 2;
    const above = at.top - box.offsetHeight - 8;
    box.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${above > 8 ? above : at.bottom + 8}px`;
  },
  hide() {
    byId("tip").hidden = true;
  },
};
