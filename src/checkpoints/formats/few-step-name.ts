// What a file's name says of its steps. Files of single models and LoRAs have no other place where it is said.

/** Names of the methods that make few-step students, and numbers of steps. */
const FEW_STEPS = /turbo|lightning|lcm|hyper|dmd|tcd|nitro|sdxs|swiftbrush|[1-8][-_ ]?steps?(?![a-z])/i;

/** Whether a name says that its file was made for few steps. */
export function namesFewSteps(name: string): boolean {
  return FEW_STEPS.test(name);
}
