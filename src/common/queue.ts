// One job at a time, in order of arrival. A job that fails settles its own promise and
// nothing else: the next one runs as if it had succeeded. (A bare promise chain keeps its
// first rejection and gives it to everything after.)

export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `job` when all before it have settled. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(job);
    // Not the result itself: it would be kept until the next job.
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
