// What the numbers mean, in words: shown where one asks for them, by mouse, touch or keyboard.

const MEANINGS = {
  tempo_bpm: "Beats a minute of the beat that people move to. The percentage says how sure the measure is: "
    + "of tempi that are 55 % sure or more, 92 to 95 in 100 are right, and only these go into descriptions. "
    + "The second number is the next likely tempo, most often half or double.",
  energy: "How driving the music is, from 0 (still) to 1 (driving), by how busy, bright and loud it is. "
    + "Calm pieces have 0.2 to 0.4, driving ones 0.35 to 0.85. The band is what suits the session.",
  key: "The key, and how sure the measure is: from 75 % on, 93 to 96 in 100 are right, and only these go into "
    + "descriptions.",
  loudness_lufs: "Integrated loudness (ITU-R BS.1770): most music has −20 to −8 LUFS, and 0 is as loud as it "
    + "gets. The range is that between soft and loud places (EBU Tech 3342).",
  silence_ratio: "The share of the chunk below −60 dBFS.",
  clipping_ratio: "The share of samples in runs at full scale, which sound distorted.",
  vocals: "How likely somebody sings in the chunk, by the tagger that listened.",
  heard: "What the tagger heard, the surest first, and how sure it is: words from 80 % on go into descriptions.",
  arc: "The phase of the track in which the chunk lies, by the course of its energy.",
  fit: "Whether tempo and energy suit the session. The tempo, its half or its double may lie in its band.",
  distance_db: "How different the chunk sounds after its codes are decoded: the mean difference of log-mel "
    + "spectra at three scales, in dB. 0 is the same sound. Compare it between chunks of one codec: the worst "
    + "are those that a model learns worst from.",
};

// A button with a name, and the paragraph that it opens.
function explained(name, key) {
  const text = make("p", { class: "meaning", hidden: true }, MEANINGS[key]);
  const button = make("button", {
    type: "button", class: "term", "aria-expanded": "false", title: MEANINGS[key],
    onclick: () => {
      text.hidden = !text.hidden;
      button.setAttribute("aria-expanded", !text.hidden);
    },
  }, name);
  return [button, text];
}
