/** Samples of the Prometheus text format, as the registry writes them. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function parseSamples(text: string): Sample[] {
  const found: Sample[] = [];
  for (const line of text.split("\n")) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!parts) continue;
    const labels: Record<string, string> = {};
    for (const [, name, value] of (parts[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[name!] = value!.replace(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
    }
    found.push({ name: parts[1]!, labels, value: Number(parts[3]) });
  }
  return found;
}

export function findSample(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number | null {
  const isWanted = (each: Sample) => each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value);
  return samples.find(isWanted)?.value ?? null;
}
