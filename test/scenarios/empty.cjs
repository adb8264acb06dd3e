// What any preload costs.
module.exports = {};
