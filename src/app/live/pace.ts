// How many pictures a second came while somebody was changing the controls, and how long each took from its change. A pause between two
// changes is nobody's slowness, so only pictures that follow each other closely count.

export interface Frame {
  /** When the picture was there, in milliseconds of any clock. */
  readonly at: number;
  /** Milliseconds from the change to the picture. */
  readonly ms: number;
}

export interface Pace {
  /** Pictures in a second; undefined where no two of them followed each other. */
  readonly perSecond: number | undefined;
  /** Milliseconds from a change to its picture: half of the pictures took less. */
  readonly medianMs: number;
}

const MOST_FRAMES = 30;

/** Longer than this between two pictures, beyond what the second one took, is a pause. */
const PAUSE_MS = 1_000;

export function withFrame(frames: readonly Frame[], frame: Frame): readonly Frame[] {
  return [...frames, frame].slice(-MOST_FRAMES);
}

export function paceOf(frames: readonly Frame[]): Pace | undefined {
  const sorted = frames.map(({ ms }) => ms).toSorted((left, right) => left - right);
  const medianMs = sorted[sorted.length >> 1];
  if (medianMs === undefined) return undefined;
  const gaps = frames.slice(1).flatMap(({ at, ms }, index) => {
    const gap = at - (frames[index]?.at ?? at);
    return gap - ms > PAUSE_MS ? [] : [gap];
  });
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return { perSecond: gaps.length === 0 || mean === 0 ? undefined : 1_000 / mean, medianMs };
}
