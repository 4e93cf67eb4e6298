SELECT carrier, name
FROM source.airlines
ORDER BY carrier
