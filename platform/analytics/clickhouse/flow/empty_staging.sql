ALTER TABLE staging.`{{ stream.name }}` DROP PARTITION tuple()
