module faketinker

go 1.19
