import type { Arbitrary } from 'fast-check';

/** A property that holds for every input, and what makes the inputs. */
export interface Target<Input = unknown> {
  /** The property, as a sentence. */
  readonly name: string;
  /** How many of a thousand generated inputs are this target's. */
  readonly share: number;
  readonly input: Arbitrary<Input>;
  /** Throws where the property does not hold. */
  readonly check: (input: Input) => void | Promise<void>;
}

/** Forgets the type of a target's inputs, so that targets of all kinds fit into one list. */
export function target<Input>(made: Target<Input>): Target {
  return made as Target;
}
