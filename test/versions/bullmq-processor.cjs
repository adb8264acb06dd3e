// Handles the jobs of `bullmq.cjs` that a process of their own handles.
module.exports = async ({ data, opts }) => ({ data, opts: Object.keys(opts).toSorted() });
