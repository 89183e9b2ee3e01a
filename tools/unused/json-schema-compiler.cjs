/** In place of Fastify's JSON Schema compilers in the bundle: requests are validated by the contract's own schemas, so they never run. */
module.exports = function compilerFactory() {
  return function build() {
    throw new Error('JSON Schema is not compiled in this bundle: validate with a schema of the contract');
  };
};
module.exports.default = module.exports;
