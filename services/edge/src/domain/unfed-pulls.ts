/**
 * Pulls of streams that have not come yet, in total and for one address: each costs a connection on every hop. 500 at
 * 6 KiB is 3 MiB; 20 leave room for players behind one NAT whose streams are about to begin.
 */
const MAX_UNFED_PULLS = 500;
const MAX_UNFED_PULLS_PER_ADDRESS = 20;

/** Whether there are too many for another one; `unfed`: who asked for those that there are. */
export function isTooManyUnfed(unfed: Iterable<string>, asks: { address: string; isEdge: boolean }): boolean {
  let total = 0;
  let ofAddress = 0;
  for (const address of unfed) {
    total++;
    if (address === asks.address) ofAddress++;
  }
  // An edge below us limits its viewers itself.
  return total >= MAX_UNFED_PULLS || (!asks.isEdge && ofAddress >= MAX_UNFED_PULLS_PER_ADDRESS);
}
