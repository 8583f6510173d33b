/** Could not be checked: whoever asked must hold the event back. Says why, and nothing of the content. */
export class Unchecked extends Error {}
