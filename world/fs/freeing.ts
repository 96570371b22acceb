/**
 * How blocks are freed safely while others write, without clocks, and by deletions alone: those are all that etcd takes
 * once it is full.
 *
 * A writer makes sure that {@link FREED} exists and notes its revision before it relies on blocks; its commit requires
 * that revision still, and writes {@link COMMITTED}. A sweep notes the revision of `COMMITTED` before it looks which
 * blocks are named; each deletion requires that revision still, and deletes `FREED` too. Whichever comes second fails and
 * looks again. That holds across an alarm as well: while it lasts no commit succeeds, and one that comes after it finds
 * `FREED` gone, or made again with another revision.
 * Blocks that are put but not yet named are younger than the mark of their writer, which lives as long as its session.
 */
export const FREED = '/storage-freed';
export const COMMITTED = '/storage-committed';
/** Prefix of the marks of those who upload now. */
export const WRITERS = '/storage-writers/';
