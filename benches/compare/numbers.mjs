// What is said of many measurements.

/** The median. */
export function median(values) {
  return percentile(values, 0.5);
}

/** The value below which a share of all values lies, interpolated. */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}
