const NEW_LINE = 0x0a;

/**
 * The lines of a stream, without their ends. Of a longer one only the beginning is kept.
 * @param most how many bytes of a line are kept
 */
export async function* readLines(stream: AsyncIterable<Buffer>, most: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  const keep = (piece: Buffer): void => {
    const taken = piece.subarray(0, most - kept);
    if (taken.length > 0) parts.push(Buffer.from(taken));
    kept += taken.length;
    dropped += piece.length - taken.length;
  };
  const take = (): string => {
    const text = Buffer.concat(parts).toString().replace(/\r$/, '');
    const line = dropped === 0 ? text : `${text}… (${dropped} more bytes)`;
    parts = [];
    kept = 0;
    dropped = 0;
    return line;
  };
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    keep(chunk.subarray(start));
    // A part for each byte that trickles in would take more than the line.
    if (parts.length > 64) parts = [Buffer.concat(parts)];
  }
  if (kept > 0) yield take();
}
