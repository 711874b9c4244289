-- POST /order: the body of harness/order.py; tests/benchmarks checks that the two are the same.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"id":4711,"customer":"Django Reinhardt","email":"django@example.com","street":"12 rue des Nuages","city":"Samois-sur-Seine","postcode":"77920","country":"FR","phone":null,"currency":"EUR","net":129900,"tax":24681,"discount":0.05,"paid":true,"express":false,"gift":true,"note":"Please ring twice.","tags":["guitar","strings","swing"],"quantity":3,"weight":4.25,"channel":"web"}'
