// Whether one way to compute something is faster than the one that is held, judged as clocks and other work on the machine allow.

/** Each way is timed so often. */
const ROUNDS = 3;

/** A way that takes more than this share of the other's time is not worth a change: the next measurement may say otherwise. */
const WORTH = 0.95;

/** After the first round, a way that takes so much longer is not tried again. */
const HOPELESS = 1.5;

/**
 * Times both in turn, so that a clock that speeds up or slows down meets both. The shortest time of each counts, because whatever
 * disturbs a measurement makes it longer.
 * @param isOver looked at before each time that is taken: if so, nothing is said for the other
 */
export async function isFaster(timeHeld: () => Promise<number>, timeOther: () => Promise<number>, isOver: () => boolean): Promise<boolean> {
  let [held, other] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    if (isOver()) return false;
    held = Math.min(held, await timeHeld());
    if (isOver()) return false;
    other = Math.min(other, await timeOther());
    if (other > HOPELESS * held) return false;
  }
  return other < WORTH * held;
}
