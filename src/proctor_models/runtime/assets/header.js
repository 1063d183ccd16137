// Who is judged by which rules; at the end of the page, from which recordings and with which models.
function renderHeader() {
  const { title } = DATA.session;
  const other = state.language === "zh" ? "en" : "zh";
  refill(byId("header"),
    el("div", { class: "masthead" }, el("p", { class: "kicker" }, words().page), languageSwitch()),
    el("div", { class: "headline" },
      el("h1", {}, title[state.language], el("small", { lang: languageCode(other) }, title[other])), summary()),
    notice());
}

const languageCode = (language) => (language === "zh" ? "zh-CN" : "en");

function languageSwitch() {
  const button = (language, name) => el("button", {
    type: "button", lang: languageCode(language), "aria-pressed": String(state.language === language),
    on: { click: () => switchLanguage(language) },
  }, name);
  return el("div", { class: "switch", role: "group", "aria-label": words().language },
    button("zh", "中文"), button("en", "English"));
}

function notice() {
  return el("p", { class: "notice" },
    el("span", { lang: "zh-CN" }, WORDS.zh.notice), " ", el("span", { lang: "en" }, WORDS.en.notice));
}

function summary() {
  const count = (severity) => DATA.findings.filter((finding) => finding.severity === severity).length;
  const line = (severity) => el("li", {},
    glyph(severity), el("strong", {}, String(count(severity))), el("span", {}, words().severity[severity]));
  return el("ul", { class: "summary", "aria-label": words().summary }, Object.keys(GLYPHS).map(line));
}

function renderFacts() {
  const { session } = DATA;
  const models = Object.entries(session.models).map(([name, sha256]) => hash(words().model(name), sha256));
  refill(byId("facts"), sectionTitle("facts-title", words().facts),
    el("dl", { class: "facts" },
      session.views.map((view) => fact(viewName(view.view), el("span", { class: "file" }, view.file_name),
        recordingLine(view), view.frames_undecodable > 0 && words().undecodable(view.frames_undecodable))),
      fact(words().duration, clock(session.duration_s), words().perSecond(session.rate_hz)),
      fact(words().pack, session.pack_version, ...models),
      fact(words().rules, session.rules_name, hash("SHA-256", session.rules_sha256))));
}

function fact(name, value, ...more) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value), more.map((line) => line && el("dd", { class: "more" }, line)));
}

function recordingLine(view) {
  const [width, height] = view.resolution_wh;
  return `${clock(view.duration_s)} · ${width}×${height} · ${words().frames(view.frames_analysed)}`;
}

function hash(name, sha256) {
  const shown = el("code", {}, sha256.slice(0, 12));
  return el("button", {
    type: "button", class: "hash", title: sha256, "aria-label": words().copyHash(name, sha256),
    on: { click: () => copyHash(shown, sha256) },
  }, `${name} `, shown);
}

function copyHash(shown, sha256) {
  shown.textContent = sha256;
  const copying = navigator.clipboard ? navigator.clipboard.writeText(sha256) : Promise.reject(new Error("none"));
  copying.then(() => announce(words().copied), () => announce(words().notCopied));
}

function renderFooter() {
  const files = Object.entries(DATA.ledger_sha256).map(([name, sha256]) => el("span", {}, hash(name, sha256)));
  const head = DATA.ledger_head && el("span", {}, hash(words().ledgerHead, DATA.ledger_head));
  refill(byId("footer"),
    el("p", {}, words().footer), el("p", { class: "files" }, `${words().ledger}: `, files, head), notice());
}
