import { InvalidArgumentError } from 'commander';

/** Reads an option's value. */
export function wholeNumber({ min = 0, max }: { min?: number; max: number }): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max) {
      throw new InvalidArgumentError(`It wants a whole number from ${min} to ${max}.`);
    }
    return number;
  };
}
