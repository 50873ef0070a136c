// A thread that reads the disk, or hashes, waits for nothing outside itself, and so would never come to its messages: not to one that
// cancels what it does, and not to one that asks whether it lives.

/** How long reads from the disk may keep a thread from its messages. */
const BLOCKED_MS = 50;

let freeSince = performance.now();

/** Takes the messages that are there, now and then. To be called between pieces of work that take no longer than a message may wait. */
export async function letMessagesIn(): Promise<void> {
  if (performance.now() - freeSince < BLOCKED_MS) return;
  await nextTurn();
  freeSince = performance.now();
}

/** Lets what waits for this thread come first: messages, and in a page its frames. */
export async function nextTurn(): Promise<void> {
  // A timer would wait for milliseconds; a message of our own comes right after those that are there.
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port2.addEventListener("message", resolve, { once: true });
    port2.start();
    port1.postMessage(undefined);
  });
  port1.close();
}
