/** Faults are short in `npm test` and as long as a real one in `npm run test:long`. */
export const isLong = process.env['HAWSER_LONG'] === '1';
