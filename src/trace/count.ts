// Spells how many there are of something.

/** `1 row`, `2 rows` */
export function count(amount: number, noun: string): string {
  return amount === 1 ? `1 ${noun}` : `${amount} ${noun}s`;
}

/** `1 row was`, `2 rows were` */
export function countWas(amount: number, noun: string): string {
  return `${count(amount, noun)} ${amount === 1 ? 'was' : 'were'}`;
}
