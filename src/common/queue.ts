// One job at a time, in order of arrival. A job that fails settles its own promise and
// nothing else: the next one runs as if it had succeeded. (A bare promise chain would pass its
// first rejection on to every later job.)

export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `job` when all jobs before it have settled. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(job);
    // The tail does not hold the result itself, which would otherwise stay in memory until the next job.
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
