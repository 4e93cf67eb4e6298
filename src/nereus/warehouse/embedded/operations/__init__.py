"""Files in object stores as statements read and write them: S3(), INTO OUTFILE, EXPORT, BACKUP and RESTORE."""
