// The words of the language that the page is shown in.
const WORDS = { zh: ZH, en: EN };

const words = () => WORDS[state.language];
const detectorName = (name) => words().detector[name] || name;
const viewName = (view) => `${words().view[view]} · ${words().camera[view]}`;
