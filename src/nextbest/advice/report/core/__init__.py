"""What the report shows, as numbers: tables in, small frozen results out."""
