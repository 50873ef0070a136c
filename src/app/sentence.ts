// Messages of errors begin as the part of a sentence that they are in a terminal.

/** How those begin that do not begin with a name. The test finds what is not here. */
const BEGINNING =
  /^(?:the|this|an?|no|only|there|it|all|another|attention|brackets|files|kernel|networks|nobody|not|nothing|one|recipes|steps|timestep|variations|weights?)(?= )/;

/** The message with a capital; what begins with a name stays. */
export function sentence(message: string): string {
  return message.replace(BEGINNING, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}
