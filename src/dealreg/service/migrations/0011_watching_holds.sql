-- Whoever takes a hold away by hand could erase what it kept, and every fact would look right: the watcher hears of holds too.
ALTER PUBLICATION dealreg_watched ADD TABLE personal.holds;
