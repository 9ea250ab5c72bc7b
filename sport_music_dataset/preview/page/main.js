// Put together: the summary, the panes, the keys.

const SEEK_SECONDS = 2;
const narrow = matchMedia("(max-width: 63.99rem)");
const review = data.review ? new Review() : undefined;
const detail = new Detail(async (chunkId) => choose(await source.row(chunkId)));
const list = new List((row, options) => choose(row, options));
let choosing = 0;

async function choose(row, { toggle = false, focus = false, play = false } = {}) {
  if (!row) return;
  const same = detail.row === row;
  const turn = ++choosing;
  list.mark(row, focus);
  if (!same) {
    settle(row);
    await detail.show(row);
  }
  if (turn !== choosing) return;
  if (same && toggle) keyed().toggle();
  else if (toggle || play) keyed().play(0);
}

// Beside the list where there is room, else below the chosen row.
function settle(row) {
  const line = narrow.matches && list.lineOf(row);
  const panes = document.querySelector(".panes");
  // To move an element stops its audio.
  if (!line && detail.element.parentElement !== panes) panes.append(detail.element);
  for (const old of document.querySelectorAll("tr.holder")) old.remove();
  detail.element.hidden = !row;
  if (!line) return;
  const cell = make("td", { role: "cell", colspan: SHOWN.length + 1 }, detail.element);
  line.after(make("tr", { role: "row", class: "holder" }, cell));
}

for (const player of Object.values(players)) {
  player.onshow = () => list.playing(players.chunk.playing || players.codes.playing);
}

const KEYS = {
  " ": () => keyed().toggle(),
  ArrowDown: async () => choose(await list.beside(1), { focus: true, play: sounding() }),
  ArrowUp: async () => choose(await list.beside(-1), { focus: true, play: sounding() }),
  ArrowLeft: () => keyed().seek(keyed().audio.currentTime - SEEK_SECONDS),
  ArrowRight: () => keyed().seek(keyed().audio.currentTime + SEEK_SECONDS),
  d: () => switchPlayers(),
  ...(review ? {
    k: () => review.keep(),
    x: () => review.askWhy(),
    u: () => review.undo(),
    g: () => review.scope(!review.whole),
    e: () => review.go("description"),
    s: () => review.go("style"),
    n: () => review.go("session"),
    m: () => review.go("tempo"),
    h: () => review.times(0.5),
    b: () => review.times(2),
    t: () => review.tap(),
  } : {}),
  "/": () => {
    $("more").open = true;
    $("words").focus();
  },
};

const sounding = () => players.chunk.playing || players.codes.playing;

document.addEventListener("keydown", (event) => {
  const { target } = event;
  const field = target.closest("select, textarea, summary, input:not([type=range])");
  const isUndo = (event.ctrlKey || event.metaKey) && event.key === "z" && !field;
  if (isUndo && review) review.undo();
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape" && field) field.blur();
  // A button that has the focus is pressed by the space bar, but for the rows' own.
  const pressed = event.key === " " && target.closest("button:not(.choose)");
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (field || pressed || !act) return;
  event.preventDefault();
  act();
});

function summarise() {
  const { summary } = data;
  const shown = data.mode === "server" ? summary.chunks : data.rows.length;
  document.title = `${data.name} – sportgen preview`;
  $("name").append(make("bdi", {}, data.name));
  $("about").textContent = shown === summary.chunks
    ? `All ${plural(shown, "chunk")} of ${summary.chunk_seconds} s.`
    : `${shown.toLocaleString("en")} of ${plural(summary.chunks, "chunk")} of ${summary.chunk_seconds} s, `
      + `drawn by seed ${data.seed}: every style has its turn, a fifth of the places is for misfits.`;
  const encoding = summary.encoding;
  const facts = {
    Tracks: `${summary.tracks.toLocaleString("en")} kept`
      + (summary.left_out ? `, ${summary.left_out.toLocaleString("en")} left out` : ""),
    Hours: fixed(summary.hours, 2),
    Chunks: summary.chunks.toLocaleString("en"),
    Splits: Object.entries(summary.splits).map(([name, count]) => `${name} ${count.toLocaleString("en")}`).join(", "),
    Styles: Object.keys(summary.styles).length,
    Sessions: Object.keys(summary.sessions).length,
    Misfits: summary.misfits.toLocaleString("en"),
    Codec: encoding ? `${encoding.codec}${encoding.nano ? " (of the demo)" : ""}, ${encoding.num_codebooks} codebooks`
      : "not encoded",
  };
  for (const [name, value] of Object.entries(facts)) {
    $("facts").append(make("div", {}, make("dt", {}, name), make("dd", {}, make("bdi", {}, String(value)))));
  }
  $("notes").append(...data.notes.map((note) => make("li", {}, make("bdi", {}, note))));
  $("notes").hidden = !data.notes.length;
  $("review-keys").hidden = $("review-bar").hidden = !review;
  $("switch-key").hidden = !(data.raw && data.decoded);
}

async function showPictures() {
  const block = await arrived("pictures");
  const pictures = block ? JSON.parse(block.textContent) : [];
  $("gallery").hidden = !pictures.length;
  $("pictures-shown").append(...pictures.map(({ words, light, dark }) => {
    const image = make("img", { src: light ?? dark, alt: words, loading: "lazy" });
    const inDark = light && dark && make("source", { srcset: dark, media: "(prefers-color-scheme: dark)" });
    return make("figure", {}, make("picture", {}, ...(inDark ? [inDark] : []), image));
  }));
}

async function start() {
  // On a small screen the list comes first.
  $("more").open = !narrow.matches;
  summarise();
  await list.refresh();
  if (!narrow.matches) await choose(list.rows[0]);
  await showPictures();
}

narrow.addEventListener("change", () => {
  $("more").open = !narrow.matches;
  settle(detail.row);
});
list.ondraw = () => settle(detail.row);
start();
