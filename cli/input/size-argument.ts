import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** A commander argument parser for sizes in bytes: `2147483648`, `2GiB`, `500MB`. */
export function byteSize(text: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d*) ?([a-z]*)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (digits !== '' && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('Write a size such as 2147483648, 2GiB or 500MB.');
}
