"""What agents keep beyond one call: entries in a store's records, by tenant and scope, read and written as steps."""
