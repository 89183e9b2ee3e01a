/** In place of `glob` in the bundle: @fastify/static walks folders only when it mounts routes for each file, which it does not here. */
module.exports.glob = () => Promise.reject(new Error('glob is not part of this bundle'));
