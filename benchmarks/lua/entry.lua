-- A form of ten fields, all of them right.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "title=Nuages&year=1940&released=1940-12-13&rating=7.5&kind=long&country=fr&contact=django%40example.org&colour=on&minutes=97&story=Once+upon+a+time"
