// One of the two players: what it plays, its picture, and the place in both.

const calm = matchMedia("(prefers-reduced-motion: reduce)");

class Player {
  constructor(label, note) {
    this.label = label;
    this.audio = make("audio", { preload: "auto" });
    this.button = make("button", { type: "button", class: "play", onclick: () => this.toggle() });
    this.time = make("span", { class: "time" });
    this.problem = make("p", { class: "problem", role: "alert", hidden: true });
    this.note = make("span", { class: "note" }, note);
    this.image = make("img", { alt: "", width: 400, height: 104 });
    this.waiting = make("p", { class: "waiting", hidden: true }, "being made …");
    this.image.addEventListener("load", () => { this.waiting.hidden = true; });
    this.image.addEventListener("error", () => { this.waiting.hidden = true; });
    this.place = make("input", {
      type: "range", min: 0, max: data.summary.chunk_seconds, step: "any", value: 0,
      "aria-label": `Place in ${label}`, oninput: () => this.seek(Number(this.place.value)),
    });
    this.element = make("figure", { class: "player" },
      make("figcaption", {}, this.button, make("strong", {}, label), this.note, this.time),
      make("div", { class: "screen" }, this.image, this.waiting, this.place), this.problem, this.audio);
    for (const event of ["play", "playing", "pause", "ended", "timeupdate", "loadedmetadata"]) {
      this.audio.addEventListener(event, () => this.show());
    }
    this.audio.addEventListener("play", () => this.follow());
    this.audio.addEventListener("error", () => this.fail("This browser cannot play it."));
    this.show();
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  load(sound) {
    this.element.hidden = !sound;
    this.problem.hidden = true;
    this.audio.pause();
    if (!sound) {
      this.audio.removeAttribute("src");
      this.image.removeAttribute("src");
      return;
    }
    this.audio.src = sound.audio;
    this.image.src = sound.picture;
    this.waiting.hidden = this.image.complete;
    this.image.alt = `Waveform above mel spectrogram, 0 to 16 kHz, of ${this.label}`;
    this.show();
  }

  toggle() {
    if (this.playing) this.audio.pause();
    else this.play();
  }

  async play(at) {
    this.onstart?.();
    if (at !== undefined) this.audio.currentTime = at;
    try {
      await this.audio.play();
    } catch (error) {
      // To pause or to choose another chunk before it began is no failure.
      if (error.name !== "AbortError") this.fail(`It cannot be played (${error.message}).`);
    }
  }

  seek(seconds) {
    const end = this.audio.duration || data.summary.chunk_seconds;
    this.audio.currentTime = Math.max(0, Math.min(seconds, end));
    this.show();
  }

  fail(text) {
    if (!this.audio.hasAttribute("src")) return;
    this.problem.textContent = text;
    this.problem.hidden = false;
  }

  show() {
    const at = this.audio.currentTime;
    const length = data.summary.chunk_seconds;
    this.place.value = at;
    this.place.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${length} seconds`);
    this.time.textContent = `${clock(at)} / ${clock(length)}`;
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", `${this.playing ? "Pause" : "Play"} ${this.label}`);
    this.onshow?.();
  }

  // Smoothly, where that is wanted; else the four times a second of `timeupdate` do.
  follow() {
    if (calm.matches || !this.playing) return;
    this.place.value = this.audio.currentTime;
    requestAnimationFrame(() => this.follow());
  }
}
