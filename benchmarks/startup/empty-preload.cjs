// What any preload costs: Node resolves it, reads it, and wraps it.
module.exports = {};
