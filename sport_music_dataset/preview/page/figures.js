// Small drawings: a chunk in its track, and a measure against what its session wants.

function share(value, low, high) {
  return 1000 * Math.max(0, Math.min(1, (value - low) / (high - low)));
}

// All chunks of a track over its length, in two lanes since neighbours overlap.
function trackFigure(row, track) {
  const length = Math.max(track.duration_seconds ?? 0, row.start_seconds + data.summary.chunk_seconds);
  const here = track.chunks.indexOf(row.chunk_id);
  const rects = track.starts.map((start, index) => {
    const near = Math.abs(index - here) === 1;
    return draw("rect", {
      x: share(start, 0, length), width: Math.max(3, share(data.summary.chunk_seconds, 0, length)),
      y: index % 2 ? 20 : 4, height: 12, rx: 2,
      class: index === here ? "here" : near ? "near" : "other",
    });
  });
  return draw("svg", {
    viewBox: "0 0 1000 36", preserveAspectRatio: "none", class: "track", role: "img",
    "aria-label": `Chunk ${here + 1} of ${track.chunks.length} in a track of ${clock(length)}`,
  }, draw("rect", { width: 1000, height: 36, rx: 4, class: "ground" }), ...rects);
}

// A value on a scale, and the bands that suit the session: `bands` are [low, high, class].
function gauge(label, value, low, high, bands) {
  const rects = bands.map(([from, to, kind]) => draw("rect", {
    x: share(from, low, high), width: share(to, low, high) - share(from, low, high),
    y: 6, height: 12, class: kind,
  }));
  return draw("svg", {
    viewBox: "0 0 1000 24", preserveAspectRatio: "none", class: "gauge", role: "img",
    "aria-label": label,
  }, draw("rect", { y: 6, width: 1000, height: 12, class: "ground" }), ...rects,
  draw("rect", { x: share(value, low, high) - 4, width: 8, height: 24, class: "value" }));
}

function tempoGauge(row, session) {
  if (row.tempo_bpm === undefined || !session?.tempo) return undefined;
  const [low, high] = session.tempo;
  // One moves on every beat, on every other, or twice a beat.
  const bands = [[low / 2, high / 2, "also"], [low * 2, high * 2, "also"], [low, high, "band"]];
  const label = `Tempo ${row.tempo_bpm.toFixed(0)} BPM; ${row.session} wants ${low} to ${high}`;
  return gauge(label, row.tempo_bpm, 40, 220, bands);
}

function energyGauge(row, session) {
  if (row.energy === undefined || !session) return undefined;
  const [low, high] = session.energy;
  const label = `Energy ${row.energy.toFixed(2)}; ${row.session} wants ${low} to ${high}`;
  return gauge(label, row.energy, 0, 1, [[low, high, "band"]]);
}
