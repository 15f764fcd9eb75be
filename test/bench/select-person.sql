\set id random(1, 100000)
SELECT name, email FROM people WHERE id = :id;
