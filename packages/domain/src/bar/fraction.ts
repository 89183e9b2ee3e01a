/** Numbers that V8 keeps as fractions from their first moment, though they begin whole. */

/**
 * A field born as a small integer changes the shape of its object at its first fraction. The next object of the class has the new
 * shape, and all code compiled for the old one is thrown away: with the second detector of a process, nearly everything.
 */
export function fraction(value: number): number {
  CELL[0] = value;
  return CELL[0];
}

/** What is read from it is never a small integer. */
const CELL = new Float64Array(1);
