// The task of a pool of threads.
module.exports = ({ order }) => order;
