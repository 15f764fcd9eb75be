SELECT copy FROM copies WHERE copy = 1;
