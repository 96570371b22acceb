/** With the certificates that this machine's npm needs, and ava.config.js keeps from the tests. */
export const npmEnvironment = {
  ...process.env,
  NODE_EXTRA_CA_CERTS: process.env['HAWSER_TEST_CA_CERTS'] ?? '',
};

export const quietInstall = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
