/**
 * How blocks are freed safely while others write, without clocks.
 *
 * A writer notes the revision of {@link FREED} before it relies on blocks; its commit requires that revision still,
 * and writes {@link COMMITTED}. A sweep notes the revision of `COMMITTED` before it looks which blocks are named;
 * each deletion requires that revision still, and writes `FREED`. Whichever comes second fails and looks again.
 * Blocks that are put but not yet named are younger than the mark of their writer, which lives as long as its session.
 */
export const FREED = '/storage-freed';
export const COMMITTED = '/storage-committed';
/** Prefix of the marks of those who upload now. */
export const WRITERS = '/storage-writers/';
