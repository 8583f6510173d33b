/** The wall clock in milliseconds with fractions, to compare moments in two processes of one machine. */
export const now = (): number => performance.timeOrigin + performance.now();
